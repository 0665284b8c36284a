"""The example model on Triton: how bright each third of the picture is, and which pixels are bright."""

import numpy as np
import triton_python_backend_utils as triton


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(triton.get_input_tensor_by_name(one, "image").as_numpy()) for one in requests]

    def answer(self, image):
        thirds = [third.mean() / 255 for third in np.array_split(image, 3, axis=1)]
        mask = (image.max(axis=2) > 127).astype(np.uint8)
        outputs = [triton.Tensor("scores", np.array(thirds, np.float32)), triton.Tensor("mask", mask)]
        return triton.InferenceResponse(outputs)
