"""roboflow inference: InferencePipeline with the model as its custom logic, buffers as advised for live video."""

from inference import InferencePipeline
from inference.core.interfaces.camera.entities import VideoFrame
from inference.core.interfaces.camera.video_source import BufferConsumptionStrategy, BufferFillingStrategy
from model import predict
from sink import Sink

if __name__ == "__main__":
    sink = Sink()

    def infer(frames: list[VideoFrame]) -> list[dict]:
        """One frame of one source."""
        return [predict(frame.image) for frame in frames]

    def on_prediction(answer: dict, _: VideoFrame) -> None:
        """An answer is there."""
        sink.note(answer)

    pipeline = InferencePipeline.init_with_custom_logic(
        video_reference="bench-camera",
        on_video_frame=infer,
        on_prediction=on_prediction,
        source_buffer_filling_strategy=BufferFillingStrategy.DROP_OLDEST,
        source_buffer_consumption_strategy=BufferConsumptionStrategy.EAGER,
    )
    pipeline.start(use_main_thread=True)
    pipeline.join()
