"""Runs a language server and writes each message that passes by into a file, a line each: `record.py FILE COMMAND…`."""

import os
import subprocess
import sys
import threading


def pass_on(source: int, target: int, mark: str, log: int) -> None:
    """Hands bytes on as they come; whole messages also go to the log."""
    buffer = b""
    while data := os.read(source, 1 << 16):
        view = memoryview(data)
        while view:
            view = view[os.write(target, view) :]
        buffer += data
        while (end := buffer.find(b"\r\n\r\n")) >= 0:
            fields = dict(line.split(b": ", 1) for line in buffer[:end].split(b"\r\n"))
            whole = end + 4 + int(fields[b"Content-Length"])
            if len(buffer) < whole:
                break
            os.write(log, mark.encode() + buffer[end + 4 : whole].replace(b"\n", b" ") + b"\n")
            buffer = buffer[whole:]


def main() -> int:
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin and server.stdout
    told = threading.Thread(target=pass_on, args=(0, server.stdin.fileno(), ">", log), daemon=True)
    told.start()
    pass_on(server.stdout.fileno(), 1, "<", log)
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
