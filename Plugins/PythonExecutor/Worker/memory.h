// Taking page faults before they are in anybody's way.
//
// A fresh fork shares the interpreter's memory until it touches it, and takes a page fault for every page of that: 2 ms
// in all for a script of one line. A rehearsal finds out which pages these are; forks that wait for a script take their
// own copies of them while they wait.
#pragma once

#include <stdbool.h>

// In a process that has done what scripts do: writes to `descriptor` which memory it has touched since it was forked.
void memory_report(int descriptor);

// Reads such a report as far as it is there. Returns false once it is whole, or will never be.
bool memory_learn(int descriptor);

// In a process freshly forked: touches what the last whole report lists. Does nothing while there is none.
void memory_prefault(void);
