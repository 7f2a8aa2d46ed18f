// Keeping scripts away from what is not theirs.
#pragma once

#include <stddef.h>

// Gives this process, and all below it, a view of the machine's files in which the folders of `hidden` are empty but for
// those of `shown`. Both are lists of absolute paths that end with NULL. Returns 0, an error number, or -1 with errno set when
// this machine lets nobody have a view of his own: then it is as it was.
int isolation_hide(char *const hidden[], char *const shown[]);

// Prints to standard output what this machine offers: lines of a word, a tab, and `yes` or why not.
void isolation_report(void);

// Confines this process and what it starts from here on: it reaches no process outside by signals, as a debugger or through
// /proc, and cannot change its view of the files back. Does what the kernel can and nothing where it cannot.
void isolation_confine(void);
