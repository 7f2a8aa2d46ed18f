#define PY_SSIZE_T_CLEAN
#include "modules.h"

#include <Python.h>

#include <stdint.h>
#include <string.h>

// CPython counts the changes of every dictionary up to 3.11; with a later one scripts always end the long way.
#if PY_VERSION_HEX < 0x030C0000

enum { MOST_MODULES = 256 };

struct module {
    PyObject *object;
    uint64_t version;
};

static struct module modules[MOST_MODULES];
static size_t count;

static uint64_t version_of(PyObject *module) {
    PyObject *space = PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
    return space != NULL ? ((PyDictObject *)space)->ma_version_tag : 0;
}

static bool has_name(PyObject *name, const char *text) {
    return PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, text) == 0;
}

void modules_remember(void) {
    PyObject *all = PyImport_GetModuleDict();
    Py_ssize_t place = 0;
    PyObject *name, *module;
    count = 0;
    while (PyDict_Next(all, &place, &name, &module)) {
        if (has_name(name, "__main__")) continue;
        if (count < MOST_MODULES) modules[count++] = (struct module){.object = module, .version = version_of(module)};
    }
}

bool modules_unchanged(void) {
    PyObject *all = PyImport_GetModuleDict();
    Py_ssize_t place = 0;
    PyObject *name, *module;
    // In the order in which they came, as before: a module that was taken out and put back counts as a change.
    size_t seen = 0;
    while (PyDict_Next(all, &place, &name, &module)) {
        if (has_name(name, "__main__") || has_name(name, "sluice")) continue;
        if (seen == count || modules[seen].object != module || modules[seen].version != version_of(module)) return false;
        seen++;
    }
    return seen == count;
}

#else

void modules_remember(void) {}

bool modules_unchanged(void) { return false; }

#endif
