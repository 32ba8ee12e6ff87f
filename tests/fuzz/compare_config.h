/* Checks the configuration reader on any bytes. */
#ifndef COMPARE_CONFIG_H
#define COMPARE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the bytes as a file and as one --set. True if the file was accepted. Asserts the properties. */
bool compare_config(const char *data, size_t n);

#endif
