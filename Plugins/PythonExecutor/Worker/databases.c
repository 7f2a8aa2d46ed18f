#include "databases.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

// The name that the main database of this thread's next connection gets; NULL for SQLite's own, `main`.
static _Thread_local const char *next_name;

// SQLite calls this for every connection that is opened in this process.
static int name_connection(sqlite3 *connection, const char **error, const struct sqlite3_api_routines *api) {
    (void)error;
    (void)api;
    // A connection that the script opens by itself stays as it is.
    if (next_name == NULL) return SQLITE_OK;
    int status = sqlite3_db_config(connection, SQLITE_DBCONFIG_MAINDBNAME, next_name);
    if (status == SQLITE_OK) status = sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (status == SQLITE_OK) status = sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    return status;
}

// name_main(name): the connections that this thread opens from here on are Sluice's, their main database of that name;
// None ends that.
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
    {"name_main", name_main, METH_O, "Names the main database of the connections that this thread opens from here on."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_sluice_databases",
    .m_size = -1,
    .m_methods = methods,
};

PyObject *databases_module(void) { return PyModule_Create(&definition); }
