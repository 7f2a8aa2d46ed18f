// Finding and ending the processes below this one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// What is known once processes have been ended.
struct ending {
    // A child whose own end is of interest, or 0; once it is reaped also how it ended.
    pid_t watched;
    bool reaped;
    int status;
    // How many others had to be killed.
    int killed;
};

// Lets this process go before others, where it may: as one among thousands that fork it would never be done with them.
void processes_hurry(void);

// What the processes below this one take.
struct usage {
    size_t processes;
    // What they hold in memory, what is shared counted as often as it is held.
    uint64_t resident_bytes;
    // The computing time of those that live and of all that are reaped.
    uint64_t cpu_milliseconds;
};

// Measures what the processes below this one take now.
struct usage processes_usage(void);

// What the processes below this one hold in memory, what is shared counted once; 0 when the kernel does not say.
uint64_t processes_memory(void);

// Makes this process the one to which orphans below it fall.
int processes_adopt_orphans(void);

// Kills everything below this process and reaps its children, and whatever falls to it meanwhile, until none is left but
// `spared` and what is below those. Takes at most so many milliseconds, or as many as it needs when negative: a process
// that waits for a dead disk cannot be ended by anybody. Fills in `ending`, which may be NULL.
void processes_end_all_but(const pid_t *spared, size_t count, int milliseconds, struct ending *ending);
