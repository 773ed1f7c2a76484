/* The header of numpy's .npy, which .npz files are made of. */
#pragma once

#include "registry/formats/format.h"

#define NPY_MAX_HEADER ((size_t)1 << 20)

struct npy_header {
	char descr[128]; /* "<f8"; the start of the list of fields of a structured type */
	bool objects;    /* the data is a pickle */
	uint64_t shape[FORMAT_MAX_RANK];
	size_t rank;
	uint64_t data_at;
};

bool npy_sniff(const uint8_t *p, size_t n);
int npy_read(struct source *src, struct npy_header *out, struct mlops_error *err);
