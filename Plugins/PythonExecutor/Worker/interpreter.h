// The embedded CPython.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "request.h"

// Starts CPython as `executable` would start it, isolated from environment variables and the user's site folder, and
// loads what every script needs. Returns 0, or -1 with the reason in `reason`.
int interpreter_start(const char *executable, char *reason, size_t size);

// The version of the interpreter, such as `3.11.2`.
const char *interpreter_version(void);

// In the worker, when it has nothing else to do: prepares a little more of what scripts may need. Returns whether there is
// more of it.
bool interpreter_ripen(void);

// In a script's process, before its request is known: does now what need not wait for it.
void interpreter_warm(void);

// In a script's process: runs the script of `request` as `__main__`. Returns the status to exit with, the interpreter
// finalised.
int interpreter_run(const struct request *request, int channel);

// In an inspector: answers inspections on `socket` until it closes.
int interpreter_inspect(int socket);
