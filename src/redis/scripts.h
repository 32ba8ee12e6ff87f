/* The scripts, as text; made from src/redis/scripts/ by cmake/embed.cmake. */
#ifndef NPSD_SCRIPTS_H
#define NPSD_SCRIPTS_H

#define X(name, nkeys, does) extern const char npsd_lua_##name[];
#include "tbl/scripts.def"
#undef X

#endif
