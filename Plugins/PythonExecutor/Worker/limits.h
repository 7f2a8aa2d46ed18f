// What the kernel itself holds a script's process to.
#pragma once

#include "request.h"

// Limits this process, and each that it forks, to what its request says.
void limits_apply(const struct request *request);
