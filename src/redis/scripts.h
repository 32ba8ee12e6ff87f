/* The scripts' texts and their SHA1, made from src/redis/scripts/ by cmake/embed.cmake. */
#ifndef NPSD_SCRIPTS_H
#define NPSD_SCRIPTS_H

#define X(name, nkeys, does) extern const char npsd_lua_##name[], npsd_sha_##name[];
#include "tbl/scripts.def"
#undef X

#endif
