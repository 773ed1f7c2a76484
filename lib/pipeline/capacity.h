/* What the machine has for stages that say what they need, and what of it is in use. */
#pragma once

#include "pipeline/spec.h"
#include "project/project.h"

#define GPUS_MAX 64

struct gpu_set {
	uint64_t bits; /* bit i: the i-th of the machine */
};

struct capacity {
	int64_t cpus, gpus;
	uint64_t memory; /* bytes */
	struct spec_resources used;
	struct gpu_set busy;
	const char *gpu_names[GPUS_MAX]; /* as CUDA_VISIBLE_DEVICES has them; owned */
	size_t jobs; /* at work */
};

/*
 * The machine's processors, memory and GPUs, or what run.cpus, run.memory and run.gpus say. Where
 * CUDA_VISIBLE_DEVICES names the GPUs that we may use, there are no others.
 */
int capacity_find(struct project *project, struct capacity *out, struct mlops_error *err);
void capacity_clear(struct capacity *c);
/* Whether a stage may begin: what it needs is free, or nothing else runs that could free it. */
bool capacity_fits(const struct capacity *c, const struct spec_resources *need);
void capacity_take(struct capacity *c, const struct spec_resources *need, struct gpu_set *gpus);
void capacity_give(struct capacity *c, const struct spec_resources *need,
		   const struct gpu_set *gpus);
/* "CUDA_VISIBLE_DEVICES=0,2" */
const char *capacity_gpu_variable(const struct capacity *c, const struct gpu_set *gpus,
				  struct arena *arena);
