/* Secret keys as text. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

#define KEY_SIZE 32

/*
 * 32 bytes as 64 hex digits or as base64, with space around them. The text is in no message;
 * `from` says in them where it came from.
 */
int key_parse(struct str text, const char *from, uint8_t *out, struct mlops_error *err);
