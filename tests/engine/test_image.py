"""Images built by a real Docker engine."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.engine.docked import BASE, need_docker, no_images_left, own_places, run

from bedside.engine import context
from bedside.engine.build import Progress
from bedside.engine.image import Image, image_of
from bedside.errors import BuildFailed, SettingsError

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def remove_images(tmp_path: Path) -> Iterator[None]:
    """A Docker engine, on which nothing is left."""
    need_docker()
    with own_places(tmp_path / "cache"), no_images_left():
        yield


def image(folder: Path, *lines: str, **files: str) -> Image:
    """The image of the engine "e" from a Dockerfile of these lines, beside these files."""
    folder.mkdir(exist_ok=True)
    for name, text in {**files, "Dockerfile": "\n".join([f"FROM {BASE}", *lines])}.items():
        (folder / name).write_text(text, encoding="ascii")
    return image_of("e", folder, "", "Dockerfile")


def test_an_image_is_built_once_for_one_content(remove_images: None, tmp_path: Path) -> None:
    """Each step is said as it begins; the same content is there from then on, another one is built anew."""
    steps: list[Progress] = []
    one = image(tmp_path / "e", "RUN date +%N > /when", "COPY engine.py /", **{"engine.py": "1"})
    assert not one.is_built
    one.build(steps.append)
    assert one.is_built
    assert list(dict.fromkeys((step.step, step.done, step.total) for step in steps if step.total)) == [
        (f"FROM {BASE}", 0, 3),
        ("RUN date +%N > /when", 1, 3),
        ("COPY engine.py /", 2, 3),
    ]
    assert "/when" in one.log.read_text(encoding="utf-8")
    again = image_of("e", tmp_path / "e", "", "Dockerfile")
    assert again.tag == one.tag
    silent: list[Progress] = []
    again.build(silent.append)
    assert silent == []
    assert not image(tmp_path / "e", "COPY engine.py /", **{"engine.py": "2"}).is_built


@pytest.mark.parametrize("newer", [False, True], ids=["builder", "buildkit"])
def test_a_failing_step_is_named(newer: bool, remove_images: None, tmp_path: Path, monkeypatch: Any) -> None:
    """The sentence has the step, its reason and the log; whoever keeps starting does not build again at once."""
    monkeypatch.setenv("DOCKER_BUILDKIT", str(int(newer)))
    if subprocess.run(["docker", "build", "-"], input=b"FROM scratch\nLABEL a=b", capture_output=True).returncode:
        pytest.skip("this docker has no BuildKit")
    lacks = image(
        tmp_path / "e", "RUN echo fine", "RUN pip install --no-index there-is-no-such-thing", "RUN echo never"
    )
    with pytest.raises(BuildFailed) as caught:
        lacks.build(lambda progress: None)
    sentence = str(caught.value)
    assert sentence.startswith(
        "[[engine]] e: docker build fails at `RUN pip install --no-index there-is-no-such-thing`: "
    )
    assert "No matching distribution found for there-is-no-such-thing" in sentence
    assert sentence.endswith(f"all that was printed is in {lacks.log}")
    assert lacks.failure == sentence
    assert "never" not in lacks.log.read_text(encoding="utf-8").replace("RUN echo never", "")


def test_the_base_of_an_image_may_be_missing(remove_images: None, tmp_path: Path) -> None:
    """What FROM names and nobody has is told as the step that it is."""
    lacks = image(tmp_path / "e")
    (tmp_path / "e" / "Dockerfile").write_text("FROM localhost:9/none:1\n", encoding="ascii")
    with pytest.raises(BuildFailed, match=r"fails at `FROM localhost:9/none:1`: .*localhost:9"):
        lacks.build(lambda progress: None)


def test_two_that_want_an_image_at_once_build_it_once(remove_images: None, tmp_path: Path) -> None:
    """The second one waits, and finds it."""
    heard: list[list[Progress]] = [[], []]
    image(tmp_path / "e", "RUN sleep 2")
    threads = [
        threading.Thread(target=image_of("e", tmp_path / "e", "", "Dockerfile").build, args=(said.append,))
        for said in heard
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    builds = ["RUN sleep 2" in [progress.step for progress in said] for said in heard]
    assert sorted(builds) == [False, True]
    assert image_of("e", tmp_path / "e", "", "Dockerfile").is_built


@pytest.mark.parametrize(
    "lines", ["a", "b/*.pt", "*.md", "**/*.pt", "**/c", "b/**/2.pt", "b\n!b/1.pt", "*\n!a", "b/?.[pt]*", "./b/", "/a"]
)
def test_docker_leaves_out_what_our_hash_leaves_out(lines: str, remove_images: None, tmp_path: Path) -> None:
    """The files that reach the builder are those that count."""
    for name in ("a", "x.md", "b/1.pt", "b/c/2.pt", "b/c/x.md"):
        (tmp_path / "e" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "e" / name).write_text(name, encoding="ascii")
    built = image(tmp_path / "e", "COPY . /context/", **{".dockerignore": lines})
    built.build(lambda progress: None)
    sent = run(
        "run", "--rm", "--network", "none", built.tag, "find", "/context", "-type", "f", "-printf", "%P\n"
    ).split()
    counted = set(context.counted(tmp_path / "e", "Dockerfile"))
    assert {*sent, "Dockerfile", ".dockerignore"} == {*counted, "Dockerfile", ".dockerignore"}


def test_no_such_dockerfile(tmp_path: Path) -> None:
    """It is said before anything is started."""
    with pytest.raises(SettingsError, match=r"dockerfile is 'Other', and there is no .*/Other"):
        image_of("e", tmp_path, "", "Other")


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where another place is set."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    with pytest.raises(
        BuildFailed, match=r"\[\[engine\]\] e: the log of its build cannot be written: .* XDG_CACHE_HOME"
    ):
        image(tmp_path / "a").build(lambda progress: None)
