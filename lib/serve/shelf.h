/*
 * What a protocol of the server keeps beside objects: small files of names, in
 * <data>/<kind>/<name>/<folder>/<leaf>. An object that such a name is of may be read by who may read
 * there, and by nobody else who knows its hash.
 */
#pragma once

#include "base/vec.h"
#include "serve/objects.h"

/* A file; new. `leaf` NULL: the folder. */
char *shelf_path(const struct object_server *s, const char *kind, const char *name,
		 const char *folder, const char *leaf);
bool shelf_has(const struct object_server *s, const char *kind, const char *name,
	       const char *folder, const struct oid *oid);
/* An empty file, durable once shelf_sync() has returned. */
int shelf_link(const struct object_server *s, const char *kind, const char *name,
	       const char *folder, const struct oid *oid, struct mlops_error *err);
int shelf_sync(const struct object_server *s, const char *kind, const char *name,
	       const char *folder, struct mlops_error *err);
/* A file with one line, durable. */
int shelf_write(const struct object_server *s, const char *kind, const char *name,
		const char *folder, const char *leaf, const char *line, struct mlops_error *err);
/* That line, new; MLOPS_ENOTFOUND. */
int shelf_read(const struct object_server *s, const char *kind, const char *name,
	       const char *folder, const char *leaf, char **out, struct mlops_error *err);
/* MLOPS_ENOTFOUND when it is not there. */
int shelf_remove(const struct object_server *s, const char *kind, const char *name,
		 const char *folder, const char *leaf, struct mlops_error *err);
/* The names in a folder, sorted; none when there is no folder. */
int shelf_names(const struct object_server *s, const char *kind, const char *name,
		const char *folder, struct strlist *out, struct mlops_error *err);
