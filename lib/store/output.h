/*
 * A file that is written once, from its start to its end, and synced, while another thread writes what
 * was given before. Direct I/O is used where the file system takes it: then the bytes are on the
 * disk when the sync comes, and push nothing out of the page cache.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct output;

/*
 * `fd` is open for writing and empty (but see output_resume()), and stays the caller's, as does
 * `path`, for messages. One that widens takes larger buffers once it is long, where one file comes as
 * fast as it can. After a failure nothing but output_free() is of use.
 */
struct output *output_new(int fd, const char *path, bool widens);
void output_free(struct output *o); /* NULL is fine */
int output_add(struct output *o, const void *buf, size_t n, struct mlops_error *err);
/* Instead of output_add(): where the next bytes go, at least one, and that n of them are there. */
char *output_space(struct output *o, size_t *room);
int output_advance(struct output *o, size_t n, struct mlops_error *err);
/* Of memory, offsets and lengths in direct I/O: no device asks for more. */
#define OUTPUT_ALIGN ((size_t)4096)
/* Before anything is added: n bytes, a multiple of that, are in the file already. */
void output_resume(struct output *o, uint64_t n);
uint64_t output_size(const struct output *o);
/* Waits until all that was added can be read from the file; more can be added after. */
int output_settle(struct output *o, struct mlops_error *err);
