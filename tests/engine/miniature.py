"""A source tree that is laid out like PJSIP's and takes a second to compile: its module tells what it was compiled with."""

import io
import tarfile
from pathlib import Path

ROOT = "pjproject-miniature"
MODULE = r"""
#include <Python.h>
#include "../../../../pjlib/include/pj/config_site.h"
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_pjsua2", nullptr, -1, nullptr};
PyMODINIT_FUNC PyInit__pjsua2() {
    PyObject *module = PyModule_Create(&definition);
    PyModule_AddIntConstant(module, "MAX_CALLS", PJSUA_MAX_CALLS);
    return module;
}
"""
PYTHON_FACE = "from ._pjsua2 import MAX_CALLS\nclass Endpoint: pass\n"
BINDING = "pjsip-apps/src/swig/python"


def files(*, version: tuple[int, int] = (2, 17), configure: str = "exit 0") -> dict[str, str]:
    """The files of the tree, by path; `configure` is a shell script."""
    return {
        "version.mak": f"export PJ_VERSION_MAJOR  := {version[0]}\nexport PJ_VERSION_MINOR  := {version[1]}\n"
        "export PJ_VERSION_REV    :=\nexport PJ_VERSION_SUFFIX :=\n",
        "aconfigure": f"#!/bin/sh\n{configure}\n",
        "Makefile": "lib:\n\ttest -f pjlib/include/pj/config_site.h\n",
        "pjlib/include/pj/config.h": "",
        "pjmedia/src/pjmedia-audiodev/audiodev.c": "",
        "pjsip/include/pjsua2.hpp": "",
        "pjsip-apps/src/swig/pjsua2.i": "",
        f"{BINDING}/module.cpp": MODULE,
        f"{BINDING}/face.py": PYTHON_FACE,
        f"{BINDING}/Makefile": "pjsua2_wrap.cpp:\n\tcp module.cpp $@\n\tcp face.py pjsua2.py\n",
        f"{BINDING}/helper.mak": "cflags:\n\t@echo -DPJ_AUTOCONF=1\nldflags:\n\t@echo -L.\nlibs:\n\t@echo m\n",
    }


def write_tarball(path: Path, contents: dict[str, str], *, root: str = ROOT) -> Path:
    """Pack files into a compressed tarball."""
    with tarfile.open(path, "w:xz") as archive:
        for name, text in contents.items():
            member = tarfile.TarInfo(f"{root}/{name}" if root else name)
            member.mode, member.size = 0o755, len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path
