"""A process that carries out commands one after another, as ``outreach`` does, without paying for a start each time.

It reads a line of JSON per command (words, environment, folder) and answers with a line of exit code, stdout and stderr.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback

from outreach.cli import main


def _carry_out(words: list[str]) -> int:
    sys.argv = ["outreach", *words]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does at its end
        traceback.print_exc()
        return 1
    return 0


def _one(order: dict[str, object]) -> dict[str, object]:
    environment, words = order["environment"], order["words"]
    assert isinstance(environment, dict)
    assert isinstance(words, list)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(str(order["folder"]))
    kept = [os.dup(1), os.dup(2)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        code = _carry_out(words)
        sys.stdout.flush()
        sys.stderr.flush()
        said = []
        for number, (file, old) in enumerate(zip((out, err), kept, strict=True), start=1):
            os.dup2(old, number)
            os.close(old)
            file.seek(0)
            said.append(file.read().decode())
    return {"code": code, "out": said[0], "err": said[1]}


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    for line in sys.stdin:
        answers.write(json.dumps(_one(json.loads(line))) + "\n")
    answers.close()
