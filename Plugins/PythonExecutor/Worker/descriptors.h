// Keeping descriptors where they belong.
#pragma once

#include <stddef.h>

// Makes sure that the three standard streams are open, so that nothing else is ever taken for one. Returns 0 or -1.
int descriptors_open_standard(void);

// Closes every descriptor above standard error but those in `kept`, which it sorts.
void descriptors_close_all_but(int *kept, size_t count);
