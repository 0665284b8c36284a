"""A Compose file by the settings."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from bedside.cli.compose import compose_text, write_env
from bedside.compose.options import service_of
from bedside.compose.services import HERE, Place, document, service_name
from bedside.errors import SettingsError
from bedside.settings import Settings, load
from bedside.settings_tables import EngineSettings, ServerSettings, SourceSettings
from bedside.supervisor.plan import plan

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "deploy" / "compose" / "bedside.toml"


def boxed(folder: Path, engine: EngineSettings | None = None, **tables: object) -> dict[str, dict[str, object]]:
    """The services of an engine's folder with these settings."""
    (folder / "planes").mkdir(exist_ok=True)
    (folder / "planes" / "engine.py").write_text("def predict(frame): return {}\n", encoding="ascii")
    engine = engine or EngineSettings("planes", path="planes", port=8720)
    settings = Settings(engines=(engine,), folder=folder, **tables)  # type: ignore[arg-type]
    return dict(document(settings, Place(folder, cores=2))["services"])


def test_the_file_of_the_repository_is_what_the_demos_settings_give() -> None:
    """compose.yaml is not edited by hand: `bedside compose` writes the same text."""
    text = compose_text(load(DEMO), DEMO, ROOT)
    assert (ROOT / "compose.yaml").read_text(encoding="utf-8") == text, (
        "write it anew: bedside --config deploy/compose/bedside.toml compose --output compose.yaml"
    )


def test_what_is_written_is_yaml_of_the_same_document() -> None:
    """Texts that YAML would read as something else, such as off or 2, stay texts."""
    settings = load(DEMO)
    assert yaml.safe_load(compose_text(settings, DEMO, ROOT)) == document(settings, Place(ROOT))


def test_compose_runs_the_verbs_of_up_with_the_same_settings() -> None:
    """The services are the processes of `bedside up`, each verb with the arguments that it has there."""
    settings = load(DEMO)
    services = document(settings, Place(ROOT))["services"]
    processes = plan(settings, Path(HERE) / "bedside.toml")
    assert [*services] == [service_name(process) for process in processes]
    for process in processes:
        if not process.name.startswith("engine"):
            assert services[process.name]["command"] == list(process.argv[3:])


def test_only_the_server_has_a_port_and_engines_have_no_network(tmp_path: Path) -> None:
    """Nobody else can be reached from outside the machine, and no engine reaches anything."""
    services = boxed(tmp_path)
    assert [name for name, service in services.items() if "ports" in service] == ["serve"]
    assert services["serve"]["ports"] == ["127.0.0.1:8080:8080"]
    assert services["engine-planes"]["network_mode"] == "none"
    assert services["broadcast"]["networks"] == services["record"]["networks"] == ["inside"]


def test_nothing_runs_as_root_or_can_write_its_root(tmp_path: Path) -> None:
    """Every service: an ordinary user, no capabilities, no new ones, a read-only root, started again."""
    for name, service in boxed(tmp_path).items():
        assert service["user"] == "${BEDSIDE_UID:-1000}:${BEDSIDE_GID:-1000}", name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges"], name
        assert service["read_only"] is True, name
        assert service["restart"] == "unless-stopped", name


def test_an_engine_has_its_limits(tmp_path: Path) -> None:
    """Memory, processor and threads, as `bedside up` gives them to a container."""
    engine = EngineSettings("planes", path="planes", port=8720, memory_gb=1, cpus=0.5, processes=4)
    service = boxed(tmp_path, engine)["engine-planes"]
    assert service["mem_limit"] == service["memswap_limit"] == str(2**30)
    assert (service["cpus"], service["pids_limit"]) == (0.5, 64)


def test_replicas_have_sockets_of_their_own(tmp_path: Path) -> None:
    """Two processes of an engine are two services; the server sees both sockets, each of them its own only."""
    services = boxed(tmp_path, EngineSettings("planes", path="planes", port=8720, concurrency=2))
    assert "socket-8721:/run/bedside:nocopy" in services["engine-planes-2"]["volumes"]  # type: ignore[operator]
    mounts = services["serve"]["volumes"]
    assert {f"socket-{port}:/run/bedside/{port}:nocopy" for port in (8720, 8721)} <= set(mounts)  # type: ignore[call-overload]


def test_a_device_may_be_plugged_in_later(tmp_path: Path) -> None:
    """For a device all of /dev is there, and video devices alone may be opened; a drawn picture needs neither."""
    device = boxed(tmp_path, source=SourceSettings(url="v4l2:"))["broadcast"]
    assert "/dev:/dev" in device["volumes"]  # type: ignore[operator]
    assert device["device_cgroup_rules"] == ["c 81:* rmw"]
    drawn = boxed(tmp_path, source=SourceSettings(url="phantom:"))["broadcast"]
    assert "device_cgroup_rules" not in drawn


def test_pages_for_others_are_at_the_address_that_was_named(tmp_path: Path) -> None:
    """--lan publishes there, encrypted, with the port of the page that has tablets trust this machine."""
    (tmp_path / "bedside.toml").write_text('[source]\nurl = "synthetic:"\n', encoding="ascii")
    settings = load(tmp_path / "bedside.toml")
    serve = document(settings, Place(tmp_path, "192.168.8.2"))["services"]["serve"]
    assert serve["ports"] == ["192.168.8.2:8080:8080", "192.168.8.2:8081:8081"]
    assert "BEDSIDE_SERVER_TLS" not in serve["environment"]
    assert serve["environment"]["BEDSIDE_SERVER_ADDRESS"] == "192.168.8.2"
    plain = replace(settings, server=ServerSettings(tls="off"))
    serve = document(plain, Place(tmp_path, "192.168.8.2"))["services"]["serve"]
    assert serve["ports"] == ["192.168.8.2:8080:8080"]


def test_the_interface_of_the_settings_is_not_looked_for_in_the_container(tmp_path: Path) -> None:
    """There is no wlan0 in it; it is told the address instead, and what is read there are settings that work."""
    (tmp_path / "bedside.toml").write_text('[server]\ninterface = "wlan0"\n', encoding="ascii")
    settings = load(tmp_path / "bedside.toml")
    environment = document(settings, Place(tmp_path, "192.168.8.2"))["services"]["serve"]["environment"]
    told = {key: value for key, value in environment.items() if key.startswith("BEDSIDE_SERVER")}
    server = load(tmp_path / "bedside.toml", told | {"BEDSIDE_SERVER_TOKEN": "a-long-secret"}).server
    assert (server.interface, server.host, server.address) == ("", "0.0.0.0", "192.168.8.2")


def test_folders_in_the_home_folder_are_where_the_container_looks(tmp_path: Path) -> None:
    """~ is another folder there: keys and sessions would be in its memory, and gone at each start."""
    (tmp_path / "bedside.toml").write_text(
        '[server]\naccess = "~/kept/access"\n[session]\nfolder = "~/kept/sessions"\n', encoding="ascii"
    )
    serve = document(load(tmp_path / "bedside.toml"), Place(tmp_path))["services"]["serve"]
    for name in ("BEDSIDE_SERVER_ACCESS", "BEDSIDE_SESSION_FOLDER"):
        place = serve["environment"][name]
        assert any(mount.endswith(f":{place}") for mount in serve["volumes"])
        assert "~" not in place


def test_an_engine_in_the_home_folder_is_refused(tmp_path: Path) -> None:
    """One sentence says which path, and what to write instead."""
    with pytest.raises(SettingsError, match=r"planes: path is '~/planes', .* write the whole path"):
        boxed(tmp_path, EngineSettings("planes", path="~/planes", port=8720))


def test_a_gpu_is_asked_for_in_a_profile() -> None:
    """An engine with --gpus starts with `--profile gpu` only."""
    service = service_of(["--gpus", "all"], "planes")
    assert service["profiles"] == ["gpu"]
    devices = service["deploy"]["resources"]["reservations"]["devices"]
    assert devices == [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}]


def test_an_option_that_compose_has_no_word_for_is_refused() -> None:
    """One sentence names the engine, the option and what can be written."""
    with pytest.raises(SettingsError, match=r"planes: docker_options has --blkio-weight, .* expected one of"):
        service_of(["--blkio-weight", "10"], "planes")


def test_secrets_are_the_users_alone_and_stay(tmp_path: Path) -> None:
    """.env is of mode 0600; written again, tokens that are in use and what a person added are kept."""
    write_env(tmp_path / ".env")
    first = (tmp_path / ".env").read_text(encoding="utf-8")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    (tmp_path / ".env").write_text(first + "MORE=1\n", encoding="utf-8")
    write_env(tmp_path / ".env")
    assert (tmp_path / ".env").read_text(encoding="utf-8") == first + "MORE=1\n"
