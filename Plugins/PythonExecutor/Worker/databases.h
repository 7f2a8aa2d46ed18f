// The built-in module `_sluice_databases`: what sluice.connect() needs and Python's sqlite3 lacks.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *databases_module(void);
