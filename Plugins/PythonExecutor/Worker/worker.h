// The worker's own loop.
#pragma once

#include <stdbool.h>

#include "../Link/include/wire.h"

// Whether scripts are confined.
extern bool worker_confines;

// Serves the control socket until the executor closes it, then ends every process below. Returns the exit status.
int worker_serve(int control);

// Sends one message to the executor. A failure means that it is gone, which the loop notices.
void worker_tell(int control, const struct sluice_control *head, const char *text);
