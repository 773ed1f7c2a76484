/* How what several commands print looks: runs, object refs, tracked items, counts. */
#pragma once

#include "cmd.h"
#include "mlops/listing.h"
#include "mlops/tracking.h"
#include "mlops/workspace.h"

/* {"kind","oid","size","files","executable"} */
struct json *view_ref(const struct object_ref *ref);
/* "file", "executable", "folder" or "symlink". */
const char *view_item_kind(enum item_kind kind);
struct object_ref view_item_ref(const struct item *item);
/* {"path","kind","oid","size","files"} */
struct json *view_item(const struct item *item);
/* As view_ref(), with "path", "stage" and "is_model". */
struct json *view_object(const struct run_object *object);
struct json *view_objects(const struct run_object *objects, size_t n);
/* {KEY: {"value","step","timestamp_ms"}} */
struct json *view_metrics(const struct run_metric *metrics, size_t n);
struct json *view_run(const struct run *run);

/* What a checkout did, in words or, with --json, as {"written","removed","unchanged","absent"}; 0. */
int view_checkout(const struct cmd_ctx *ctx, const struct checkout_counts *counts);

/* Milliseconds that it took, or has taken so far. */
int64_t view_run_duration(const struct run *run);

#define VIEW_ID     8  /* digits of an id or oid in tables */
#define VIEW_OBJECT 12 /* of an object among many */
