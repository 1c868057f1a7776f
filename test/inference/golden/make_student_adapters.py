"""Makes two adapters of the student's tiny bundle with random changes, some kilobytes each.

    training/.venv/bin/python test/inference/golden/make_student_adapters.py

Writes test/inference/student/adapters/<name>/1.0.0/.
"""

import shutil
import tempfile
from pathlib import Path

import make_adapters

HERE = Path(__file__).resolve().parent
STUDENT = HERE.parent / "student" / "models" / "student" / "1.0.0"
ADAPTERS = HERE.parent / "student" / "adapters"

make_adapters.PAIRS = {"cog": ("brass cog", "dent"), "ring": ("brass ring", "dent")}


def main() -> None:
    shutil.rmtree(ADAPTERS, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        models = Path(temporary)
        (models / STUDENT.parent.name).symlink_to(STUDENT.parent)
        for seed, name in enumerate(make_adapters.PAIRS):
            exported = make_adapters.make(STUDENT, models, name, seed)
            shutil.copytree(exported.parent, ADAPTERS / name)


if __name__ == "__main__":
    main()
