// Removing an attempt's working folder.
#pragma once

// Removes the folder with everything in it, following no link. What cannot be removed stays; the executor looks
// after such remains when it starts.
void folder_remove(const char *path);
