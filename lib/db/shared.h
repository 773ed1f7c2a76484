/*
 * A database that the threads of a service share. One thread writes: what many ask for at once
 * becomes one transaction, made durable by one fsync, and nobody is told before that. Readers have
 * handles of their own, and never wait for writers.
 */
#pragma once

#include "db/db.h"

struct db_shared; /* any thread */

typedef int (*db_work)(struct db *db, void *arg, struct mlops_error *err);

int db_shared_open(const char *path, struct db_shared **out, struct mlops_error *err);
/* Nobody may be in a call. NULL is fine. */
void db_shared_free(struct db_shared *s);
/*
 * Runs `work` in the writing thread, as a transaction within that of others: when it fails only its
 * own changes are undone. Returns when it is durable.
 */
int db_shared_write(struct db_shared *s, db_work work, void *arg, struct mlops_error *err);
/* Runs `work`, which only reads, in the calling thread on one state of the database. */
int db_shared_read(struct db_shared *s, db_work work, void *arg, struct mlops_error *err);
