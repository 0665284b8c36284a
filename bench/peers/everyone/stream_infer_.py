"""stream-infer in its mode for live sources, with the frames' buffer as small as it goes and no pause between runs."""

from model import predict
from sink import Sink
from stream_infer import Inference, Player
from stream_infer.algo import BaseAlgo
from stream_infer.dispatcher import Dispatcher
from stream_infer.producer import OpenCVProducer

sink = None


class Model(BaseAlgo):
    """The model."""

    def init(self) -> None:
        """Nothing to load."""

    def run(self, frames: list) -> dict:
        """The newest frame."""
        answer = predict(frames[-1])
        sink.note(answer)
        return answer


if __name__ == "__main__":
    sink = Sink()
    dispatcher = Dispatcher.create(mode="realtime", buffer=2, logging_level="ERROR")
    player = Player(dispatcher, OpenCVProducer(), source="bench-camera", show_progress=False)
    inference = Inference(dispatcher, player)
    inference.load_algo(Model("model"), frame_count=1, frame_step=0, interval=0)
    inference.start(fps=30)
