// Whether a script has left the modules that were there before it as they were.
#pragma once

#include <stdbool.h>

// Takes note of all modules and of what is in them.
void modules_remember(void);

// Whether there are no others now but the script's own and `sluice`, and nobody has set or deleted anything in them.
bool modules_unchanged(void);
