# Every src/redis/scripts/NAME.lua becomes a C string npsd_lua_NAME in one generated file, so that the programs carry
# their scripts. The list of names is src/tbl/scripts.def.
file(GLOB NPSD_LUA CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/redis/scripts/*.lua)
# A renamed script keeps its time stamp: the list of names is a dependency of its own, rewritten only when it changes.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/scripts.list CONTENT "${NPSD_LUA}")
set(NPSD_SCRIPTS_C ${CMAKE_BINARY_DIR}/generated/scripts.c)
add_custom_command(
  OUTPUT ${NPSD_SCRIPTS_C}
  COMMAND ${CMAKE_COMMAND} -DOUT=${NPSD_SCRIPTS_C} -DDIR=${CMAKE_SOURCE_DIR}/src/redis/scripts
          -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  DEPENDS ${NPSD_LUA} ${CMAKE_BINARY_DIR}/generated/scripts.list ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  COMMENT "embedding Redis scripts")
