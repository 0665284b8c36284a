"""The example model on MLServer: how bright each third of the picture is, and which pixels are bright."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Brightest(MLModel):
    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        image = NumpyCodec.decode_input(payload.inputs[0])
        thirds = [third.mean() / 255 for third in np.array_split(image, 3, axis=1)]
        mask = (image.max(axis=2) > 127).astype(np.uint8)
        outputs = {"scores": np.array(thirds, np.float32), "mask": mask}
        return InferenceResponse(
            model_name=self.name, outputs=[NumpyCodec.encode_output(name, one) for name, one in outputs.items()]
        )
