// SQLite's C interface, and the few parts of it that Swift cannot import: variadic functions and casting macros.
#pragma once

#include <sqlite3.h>

// Gives the main database of a connection another name. SQLite keeps the pointer: `name` must outlive the connection.
static inline int sluice_sqlite3_rename_main(sqlite3 *db, const char *name) {
    return sqlite3_db_config(db, SQLITE_DBCONFIG_MAINDBNAME, name);
}

// Switches a boolean setting such as SQLITE_DBCONFIG_DEFENSIVE.
static inline int sluice_sqlite3_db_config(sqlite3 *db, int setting, int on) {
    return sqlite3_db_config(db, setting, on, (int *)0);
}

// Leaves out the statistics of memory, which take a lock for every allocation. Only before SQLite is first used.
static inline int sluice_sqlite3_without_memory_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

// Binds text that SQLite copies.
static inline int sluice_sqlite3_bind_text(sqlite3_stmt *statement, int index, const char *bytes, int count) {
    return sqlite3_bind_text(statement, index, bytes, count, SQLITE_TRANSIENT);
}
