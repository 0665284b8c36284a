"""Which process listens on a port, as far as this user may see it."""

from pathlib import Path

LISTEN = "0A"


def listener(port: int, proc: Path = Path("/proc")) -> str:
    """The command and pid of who listens on a TCP port; empty when it cannot be seen."""
    inodes = {inode for name in ("tcp", "tcp6") for inode in _inodes(proc / "net" / name, port)}
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for folder in proc.glob("[0-9]*/fd"):
        try:
            if any(str(link.readlink()) in sockets for link in folder.iterdir()):
                command = (folder.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                return f"{command[:80]} (pid {folder.parent.name})"
        except OSError:
            continue  # another user's process, or one that has just ended
    return ""


def _inodes(table: Path, port: int) -> list[str]:
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [row[9] for row in rows if row[3] == LISTEN and int(row[1].rpartition(":")[2], 16) == port]
