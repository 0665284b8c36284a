"""The example model on KServe's Python server: how bright each third of the picture is, and which pixels are bright."""

import argparse

import numpy as np
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer, model_server


class Brightest(Model):
    def __init__(self, name):
        super().__init__(name)
        self.ready = True  # load the weights before this line

    async def get_input_types(self):
        return [{"name": "image", "datatype": "UINT8", "shape": [-1, -1, 3]}]

    async def get_output_types(self):
        return [
            {"name": "scores", "datatype": "FP32", "shape": [3]},
            {"name": "mask", "datatype": "UINT8", "shape": [-1, -1]},
        ]

    def predict(self, payload: InferRequest, headers=None) -> InferResponse:
        image = payload.inputs[0].as_numpy()
        thirds = [third.mean() / 255 for third in np.array_split(image, 3, axis=1)]
        mask = (image.max(axis=2) > 127).astype(np.uint8)
        outputs = []
        for name, kind, array in (("scores", "FP32", np.array(thirds, np.float32)), ("mask", "UINT8", mask)):
            outputs.append(InferOutput(name, list(array.shape), kind))
            outputs[-1].set_data_from_numpy(array, binary_data=True)
        return InferResponse(
            response_id=payload.id,
            model_name=self.name,
            infer_outputs=outputs,
            use_binary_outputs=payload.use_binary_outputs,  # or every pixel of the mask goes as text
            requested_outputs=payload.request_outputs,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    arguments, _ = parser.parse_known_args()
    ModelServer(http_port=arguments.http_port, grpc_port=arguments.grpc_port).start([Brightest("brightest")])
