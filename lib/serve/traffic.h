/*
 * How requests are shared among the revisions that serve beside each other. Pure data: who they are
 * is for revision.h.
 */
#pragma once

#include "fmt/json.h"
#include "http/message.h"

#define TRAFFIC_MAX        8
#define TRAFFIC_WEIGHT_MAX 1000000

struct traffic {
	size_t n;
	struct {
		int64_t revision;
		int64_t weight;
	} shares[TRAFFIC_MAX];
	char *header; /* a field whose value is the number of the revision that is wanted; or NULL */
	char *hash;   /* a field whose value decides, the same way each time; or NULL */
	int64_t shadow; /* a revision that gets copies, and whose answers are only compared; or 0 */
	int64_t shadow_percent;
};

/*
 * {"weights":{"3":90,"4":10},"header":"X-Revision","hash":"X-User","shadow":5,"shadow_percent":20};
 * all but the weights may be absent. MLOPS_EINVALID.
 */
int traffic_read(const struct json *v, struct traffic *out, struct mlops_error *err);
void traffic_clear(struct traffic *t);
/* One more share; there is room. */
void traffic_add(struct traffic *t, int64_t revision, int64_t weight);
/* All to one. */
void traffic_set_all(struct traffic *t, int64_t revision);
/* The number of the one that a request goes to. `chance` is any number. */
int64_t traffic_choose(const struct traffic *t, const struct http_message *m, uint64_t chance);
bool traffic_has(const struct traffic *t, int64_t revision); /* a share, or the shadow */
int64_t traffic_main(const struct traffic *t); /* the one with the largest share; 0: none */
