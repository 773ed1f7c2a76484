/* The numbers of the form of index files. */
#pragma once

#define INDEX_MAGIC   "MLRI"
#define INDEX_VERSION 1
#define INDEX_HEADER  32 /* magic, version, objects (8), blocks, lists, hooks, salt */
#define HOOK_RECORD   12 /* first 8 bytes of a chunk's hash, number of a list */
