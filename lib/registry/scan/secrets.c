/*
 * Secrets in text, by the prefixes that their issuers gave them for that purpose. One pass: a
 * bitmap of the prefixes' first two bytes says where to look closer. The secret itself is never
 * shown.
 */
#include "registry/scan/scan.h"

#define LONGEST 512 /* bytes that are looked at behind a prefix */

enum charset { UPPER, ALNUM, WORD, DASHED };

static const struct pattern {
	const char *prefix, *name;
	enum charset set;
	unsigned min, max; /* characters behind the prefix */
} patterns[] = {
	{ "AKIA", "an AWS access key id", UPPER, 16, 16 },
	{ "ASIA", "an AWS access key id", UPPER, 16, 16 },
	{ "ghp_", "a GitHub token", ALNUM, 36, 255 },
	{ "gho_", "a GitHub token", ALNUM, 36, 255 },
	{ "ghu_", "a GitHub token", ALNUM, 36, 255 },
	{ "ghs_", "a GitHub token", ALNUM, 36, 255 },
	{ "ghr_", "a GitHub token", ALNUM, 36, 255 },
	{ "github_pat_", "a GitHub token", WORD, 22, 255 },
	{ "glpat-", "a GitLab token", DASHED, 20, 64 },
	{ "hf_", "a Hugging Face token", ALNUM, 30, 40 },
	{ "xoxb-", "a Slack token", DASHED, 20, 255 },
	{ "xoxp-", "a Slack token", DASHED, 20, 255 },
	{ "xoxa-", "a Slack token", DASHED, 20, 255 },
	{ "xoxr-", "a Slack token", DASHED, 20, 255 },
	{ "xoxs-", "a Slack token", DASHED, 20, 255 },
	{ "AIza", "a Google API key", DASHED, 35, 35 },
	{ "sk-", "an API key", DASHED, 40, 255 },
	{ "npm_", "an npm token", ALNUM, 36, 36 },
};

static bool in_set(uint8_t c, enum charset set)
{
	if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	if (set == UPPER)
		return false;
	if (c >= 'a' && c <= 'z')
		return true;
	return (c == '_' && set >= WORD) || (c == '-' && set == DASHED);
}

/* A word of one letter over and over, and what documents use, is a placeholder. */
static bool is_placeholder(const uint8_t *p, size_t n)
{
	size_t kinds = 0;
	bool seen[256] = { 0 };

	for (size_t i = 0; i < n; i++) {
		kinds += !seen[p[i]];
		seen[p[i]] = true;
	}
	return kinds < 8 || memmem(p, n, "EXAMPLE", 7);
}

static bool matches(const struct pattern *k, const uint8_t *p, size_t n)
{
	size_t prefix, len = 0;

	if (n < 3 || p[0] != k->prefix[0] || p[1] != k->prefix[1] || p[2] != k->prefix[2])
		return false; /* nearly always, so without a call */
	prefix = strlen(k->prefix);
	if (n < prefix || memcmp(p, k->prefix, prefix))
		return false;
	while (prefix + len < n && in_set(p[prefix + len], k->set))
		len++;
	return len >= k->min && len <= k->max && !is_placeholder(p + prefix, len);
}

static bool is_private_key(const uint8_t *p, size_t n)
{
	static const char begin[] = "-----BEGIN ";

	return n > 40 && !memcmp(p, begin, strlen(begin)) && memmem(p, 48 < n ? 48 : n, "PRIVATE KEY", 11);
}

static void look(struct scan *s, struct item *it, const uint8_t *p, size_t n, uint64_t at)
{
	if (*p == '-' && is_private_key(p, n))
		scan_find(s, it, RULE_PRIVATE_KEY, at, "a private key");
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (matches(&patterns[i], p, n)) {
			scan_find(s, it, RULE_SECRET, at, "%s", patterns[i].name);
			return;
		}
}

static void fill_bitmap(uint8_t *bitmap)
{
	memset(bitmap, 0, 8192);
	for (size_t i = 0; i <= ARRAY_LEN(patterns); i++) {
		const char *p = i < ARRAY_LEN(patterns) ? patterns[i].prefix : "--";
		unsigned pair = (unsigned)(uint8_t)p[0] << 8 | (uint8_t)p[1];

		bitmap[pair >> 3] |= (uint8_t)(1u << (pair & 7));
	}
}

void scan_secrets(struct scan *s, struct item *it)
{
	autoerr err = ERR_INIT;
	uint8_t bitmap[8192], before = 0;
	const uint8_t *p;
	size_t got, done;

	fill_bitmap(bitmap);
	if (item_rewind(s, it, &err)) {
		scan_unreadable(s, it, &err);
		return;
	}
	for (uint64_t at = 0;; at += done) {
		if (source_peek(it->src, at, SOURCE_WINDOW, &p, &got, &err)) {
			scan_unreadable(s, it, &err);
			return;
		}
		done = got < SOURCE_WINDOW ? got : got - LONGEST;
		for (size_t i = 0; i < done && i + 1 < got; i++) {
			unsigned pair = (unsigned)p[i] << 8 | p[i + 1];

			if (bitmap[pair >> 3] & 1u << (pair & 7) && !in_set(i ? p[i - 1] : before, WORD))
				look(s, it, p + i, got - i, at + i);
		}
		if (got < SOURCE_WINDOW)
			return;
		before = p[done - 1];
	}
}
