// CPython's C interface for embedding.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
