// Keeping descriptors where they belong.
#pragma once

#include <stddef.h>

// Closes every descriptor above standard error but those in `kept`, which it sorts.
void descriptors_close_all_but(int *kept, size_t count);
