// Removing an attempt's working folder.
#pragma once

// Removes the folder with everything in it, following no link and entering no other file system. What cannot be
// removed stays; the executor says so.
void folder_remove(const char *path);
