#include "databases.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

// The name that the next connection's main database gets; NULL for SQLite's own, `main`.
static const char *next_name;

// SQLite calls this for every connection that is opened in this process.
static int name_connection(sqlite3 *connection, const char **error, const struct sqlite3_api_routines *api) {
    (void)error;
    (void)api;
    return next_name != NULL ? sqlite3_db_config(connection, SQLITE_DBCONFIG_MAINDBNAME, next_name) : SQLITE_OK;
}

// name_main(name): names the main database of connections opened from here on; None ends that.
static PyObject *name_main(PyObject *module, PyObject *argument) {
    (void)module;
    if (argument == Py_None) {
        next_name = NULL;
        Py_RETURN_NONE;
    }
    const char *name = PyUnicode_AsUTF8(argument);
    if (name == NULL) return NULL;
    // SQLite keeps the pointer for as long as the connection lives, which may be longer than anything of Python's.
    char *kept = strdup(name);
    if (kept == NULL) return PyErr_NoMemory();
    if (sqlite3_auto_extension((void (*)(void))name_connection) != SQLITE_OK) {
        free(kept);
        PyErr_SetString(PyExc_RuntimeError, "SQLite did not take the extension");
        return NULL;
    }
    next_name = kept;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"name_main", name_main, METH_O, "Names the main database of the connections opened from here on."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_sluice_databases",
    .m_size = -1,
    .m_methods = methods,
};

PyObject *databases_module(void) { return PyModule_Create(&definition); }
