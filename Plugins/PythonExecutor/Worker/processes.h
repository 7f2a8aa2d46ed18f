// Finding and ending the processes below this one.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Makes this process the one to which orphans below it fall.
int processes_adopt_orphans(void);

// Kills and reaps every child of this process, and whatever falls to it meanwhile, until none is left but `spared`.
// Returns how many it had to kill.
int processes_end_all_but(const pid_t *spared, size_t count);
