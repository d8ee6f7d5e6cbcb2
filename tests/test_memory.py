"""What a control group says of memory, in files as the kernel writes them."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlops.worker.memory import Memory


def group(folder: Path, **files: str) -> Path:
    (folder / "memory").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", "/").replace("_dot_", ".")).write_text(text)
    return folder


def test_version_2(tmp_path: Path) -> None:
    events = "low 0\nhigh 0\nmax 12\noom 1\noom_kill {}\noom_group_kill 0\n"
    group(tmp_path, memory_dot_events=events.format(1), memory_dot_max="2147483648\n", memory_dot_peak="2000000000\n")
    memory = Memory(tmp_path)
    assert not memory.was_exceeded(), "what was killed before does not count"
    group(tmp_path, memory_dot_events=events.format(2))
    assert memory.was_exceeded()
    assert memory.words() == "it may use 2.0 GiB and had used 1.9 GiB"


def test_version_1(tmp_path: Path) -> None:
    control = "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n"
    files = {"memory__memory_dot_limit_in_bytes": "536870912\n", "memory__memory_dot_max_usage_in_bytes": "536870912\n"}
    memory = Memory(group(tmp_path, memory__memory_dot_oom_control=control.format(0), **files))
    group(tmp_path, memory__memory_dot_oom_control=control.format(1))
    assert memory.was_exceeded()
    assert memory.words() == "it may use 512 MiB and had used 512 MiB"


def test_no_limit_and_no_group(tmp_path: Path) -> None:
    assert Memory(group(tmp_path, memory_dot_max="max\n", memory_dot_peak="1048576")).words() == "it had used 1 MiB"
    assert Memory(tmp_path / "none").words() == ""
    assert not Memory(tmp_path / "none").was_exceeded()
