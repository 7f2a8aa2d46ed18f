// The Python sources that this binary carries, as text that ends with a zero byte.
#pragma once

// Prepares and ends scripts.
extern const char source_bootstrap[];
// Reads scripts without running them.
extern const char source_inspector[];
// The module `sluice`.
extern const char source_sluice[];
// What stands behind sluice.connect().
extern const char source_databases[];
