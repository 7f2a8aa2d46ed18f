// Taking page faults before they are in anybody's way.
#pragma once

// Gives this process, freshly forked, its own copies of the interpreter's data and maps the interpreter's code. A
// script touches most of it, at the latest when CPython is finalised; one page fault each would cost it 2 ms.
void memory_prefault(void);
