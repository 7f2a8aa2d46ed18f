#define PY_SSIZE_T_CLEAN
#include "interpreter.h"

#include <Python.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "databases.h"
#include "modules.h"
#include "sources.h"

// The namespace of bootstrap.py, which scripts do not see.
static PyObject *bootstrap;

static int refuse(PyStatus status, char *reason, size_t size) {
    snprintf(reason, size, "%s", status.err_msg != NULL ? status.err_msg : "CPython did not start");
    return -1;
}

// Describes the pending exception in `reason`.
static int refuse_exception(char *reason, size_t size) {
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    PyObject *text = value != NULL ? PyObject_Repr(value) : NULL;
    const char *words = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    snprintf(reason, size, "%s", words != NULL ? words : "an unknown exception");
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    PyErr_Clear();
    return -1;
}

// Runs one of the sources in this binary in a new namespace. Returns that, or NULL with an exception.
static PyObject *load(const char *source, const char *name) {
    PyObject *code = Py_CompileString(source, name, Py_file_input);
    if (code == NULL) return NULL;
    PyObject *space = PyDict_New();
    PyObject *result = NULL;
    if (space != NULL && PyDict_SetItemString(space, "__builtins__", PyEval_GetBuiltins()) == 0) {
        PyObject *title = PyUnicode_FromString(name);
        if (title != NULL && PyDict_SetItemString(space, "__name__", title) == 0) {
            result = PyEval_EvalCode(code, space, space);
        }
        Py_XDECREF(title);
    }
    Py_DECREF(code);
    if (result == NULL) {
        Py_CLEAR(space);
    } else {
        Py_DECREF(result);
    }
    return space;
}

static int start(const char *executable, char *reason, size_t size) {
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    PyStatus status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status)) return refuse(status, reason, size);
    if (PyImport_AppendInittab("_sluice_databases", databases_module) < 0) {
        snprintf(reason, size, "there is no memory for it");
        return -1;
    }
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    // Without these a stray python3 on the PATH would decide where modules are looked for.
    status = PyConfig_SetBytesString(&config, &config.executable, executable);
    if (!PyStatus_Exception(status)) status = PyConfig_SetBytesString(&config, &config.program_name, executable);
    config.faulthandler = 1;
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return PyStatus_Exception(status) ? refuse(status, reason, size) : 0;
}

// Gives bootstrap.py one of the sources in this binary. Returns false with an exception.
static bool give_source(const char *file, const char *source) {
    PyObject *modules = PyDict_GetItemString(bootstrap, "MODULES");
    PyObject *text = PyUnicode_FromString(source);
    bool given = modules != NULL && text != NULL && PyDict_SetItemString(modules, file, text) == 0;
    Py_XDECREF(text);
    return given;
}

int interpreter_start(const char *executable, char *reason, size_t size) {
    if (start(executable, reason, size) < 0) return -1;
    bootstrap = load(source_bootstrap, "<sluice bootstrap>");
    bool loaded = bootstrap != NULL && give_source("<sluice>", source_sluice)
        && give_source("<sluice.databases>", source_databases);
    return loaded ? 0 : refuse_exception(reason, size);
}

const char *interpreter_version(void) { return PY_VERSION; }

// Calls a function of bootstrap.py. Takes over `arguments`. Returns NULL with an exception.
static PyObject *call(const char *name, PyObject *arguments) {
    PyObject *function = PyDict_GetItemString(bootstrap, name);
    PyObject *result = NULL;
    if (function == NULL) {
        PyErr_Format(PyExc_SystemError, "the bootstrap has no %s", name);
    } else if (arguments != NULL) {
        result = PyObject_CallObject(function, arguments);
    }
    Py_XDECREF(arguments);
    return result;
}

bool interpreter_ripen(void) {
    PyObject *result = call("ripen", PyTuple_New(0));
    bool more = result == Py_True;
    if (result == NULL) PyErr_Print();
    Py_XDECREF(result);
    return more;
}

void interpreter_warm(void) {
    PyObject *result = call("warm", PyTuple_New(0));
    if (result == NULL) PyErr_Print();
    Py_XDECREF(result);
    modules_remember();
}

// How many fields Python gets: the limits are kept already.
enum { ARGUMENTS = 8 };

// The fields behind the first one as a tuple of bytes, the channel in front.
static PyObject *arguments_of(const struct request *request, int channel) {
    size_t count = request->count < ARGUMENTS ? request->count : ARGUMENTS;
    PyObject *arguments = PyTuple_New((Py_ssize_t)count);
    if (arguments == NULL) return NULL;
    PyTuple_SET_ITEM(arguments, 0, PyLong_FromLong(channel));
    bool whole = PyTuple_GET_ITEM(arguments, 0) != NULL;
    for (size_t index = 1; index < count; index++) {
        const struct field *field = &request->fields[index];
        PyObject *bytes = PyBytes_FromStringAndSize(field->bytes, (Py_ssize_t)field->length);
        PyTuple_SET_ITEM(arguments, (Py_ssize_t)index, bytes);
        whole = whole && bytes != NULL;
    }
    if (!whole) Py_CLEAR(arguments);
    return arguments;
}

// Hands the pending exception to bootstrap.py. Returns the status to exit with.
static int report_exception(void) {
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace != NULL) PyException_SetTraceback(value, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    PyObject *answer = call("ended", PyTuple_Pack(1, value));
    Py_XDECREF(value);
    int status = 1;
    // As CPython's own command does it: what no machine word holds is -1, which leaves 255.
    if (answer != NULL) status = (int)PyLong_AsLong(answer) & 0xFF;
    if (answer != NULL) PyErr_Clear();
    Py_XDECREF(answer);
    if (PyErr_Occurred()) PyErr_Print();
    return status;
}

// Ends a script that has left everything as it was: what belongs to it alone is let go as CPython would do it, and
// nothing else needs to be, for this process is about to exit. Taking the whole interpreter down costs more than most
// scripts. Returns false when there is more to it.
static bool end_lightly(void) {
    if (!modules_unchanged() || PyThreadState_Next(PyInterpreterState_ThreadHead(PyInterpreterState_Get())) != NULL) {
        return false;
    }
    PyObject *result = call("let_go", PyTuple_New(0));
    bool ended = result == Py_True;
    if (result == NULL) PyErr_Clear();
    Py_XDECREF(result);
    return ended;
}

int interpreter_run(const struct request *request, int channel) {
    int status = 0;
    // The script's code runs straight from here, so that no frame of ours stands below its own.
    PyObject *code = call("prepare", arguments_of(request, channel));
    PyObject *module = PyImport_AddModule("__main__");
    PyObject *space = module != NULL ? PyModule_GetDict(module) : NULL;
    PyObject *result = code != NULL && space != NULL ? PyEval_EvalCode(code, space, space) : NULL;
    Py_XDECREF(code);
    if (result == NULL) status = report_exception();
    Py_XDECREF(result);
    if (end_lightly()) return status;
    // Waits for threads, runs atexit, closes what is still open. 120 is what CPython's own command answers.
    if (Py_FinalizeEx() < 0) status = 120;
    return status;
}

int interpreter_inspect(int socket) {
    PyObject *space = load(source_inspector, "<sluice inspector>");
    PyObject *serve = space != NULL ? PyDict_GetItemString(space, "serve") : NULL;
    PyObject *result = serve != NULL ? PyObject_CallFunction(serve, "i", socket) : NULL;
    if (result == NULL) PyErr_Print();
    Py_XDECREF(result);
    return result != NULL ? 0 : 1;
}
