"""Options of `docker run` as keys of a Compose service, so that one list of limits and rights serves both."""

from collections.abc import Callable, Sequence
from typing import Any

from bedside.errors import SettingsError

GPU = ("--gpus",)
LISTS = {
    "--cap-drop": "cap_drop",
    "--cap-add": "cap_add",
    "--security-opt": "security_opt",
    "--tmpfs": "tmpfs",
    "--volume": "volumes",
    "-v": "volumes",
    "--device": "devices",
    "--group-add": "group_add",
    "--device-cgroup-rule": "device_cgroup_rules",
}
TEXTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--network": ("network_mode", str),
    "--net": ("network_mode", str),
    "--memory": ("mem_limit", str),
    "--memory-swap": ("memswap_limit", str),
    "--shm-size": ("shm_size", str),
    "--pids-limit": ("pids_limit", int),
    "--cpus": ("cpus", float),
    "--oom-score-adj": ("oom_score_adj", int),
    "--workdir": ("working_dir", str),
    "--user": ("user", str),
    "--runtime": ("runtime", str),
    "--ipc": ("ipc", str),
}
PAIRS = {"--env": "environment", "-e": "environment", "--ulimit": "ulimits"}


def service_of(options: Sequence[str], engine: str) -> dict[str, Any]:
    """The keys of a service that is run with these options; an option that comes later wins.

    Raises SettingsError for one that Compose has no word for, naming the engine.
    """
    service: dict[str, Any] = {}
    words = list(options)
    while words:
        option, equals, value = words.pop(0).partition("=")
        if option == "--read-only":
            service["read_only"] = value != "false"
            continue
        if option not in (*LISTS, *TEXTS, *PAIRS, *GPU) or not (equals or words):
            known = ", ".join(sorted([*LISTS, *TEXTS, *PAIRS, *GPU, "--read-only"]))
            raise SettingsError(
                f"[[engine]] {engine}: docker_options has {option}, which cannot be written into a Compose file; "
                f"expected one of {known}"
            )
        _put(service, option, value if equals else words.pop(0))
    return service


def _put(service: dict[str, Any], option: str, value: str) -> None:
    if option in LISTS:
        service.setdefault(LISTS[option], []).append(value)
    elif option in TEXTS:
        key, kind = TEXTS[option]
        service[key] = kind(value)
    elif option in PAIRS:
        name, _, content = value.partition("=")
        is_number = PAIRS[option] == "ulimits" and content.isdecimal()
        service.setdefault(PAIRS[option], {})[name] = int(content) if is_number else content
    else:
        count = int(value) if value.isdecimal() else value
        device = {"driver": "nvidia", "count": count, "capabilities": ["gpu"]}
        service["profiles"] = ["gpu"]
        service["deploy"] = {"resources": {"reservations": {"devices": [device]}}}
