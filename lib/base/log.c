/* Messages by level to the one sink. */
#include "base/log.h"

#include "base/mem.h"

static void (*log_sink)(enum log_level, const char *); /* set once, before threads start */
static enum log_level log_max;

void log_set_sink(enum log_level level, void (*sink)(enum log_level, const char *))
{
	log_max = level;
	log_sink = sink;
}

__attribute__((format(printf, 2, 0))) static void emit(enum log_level level, const char *fmt,
						       va_list ap)
{
	if (!log_sink || level > log_max)
		return;
	autofree char *msg = xvasprintf(fmt, ap);
	log_sink(level, msg);
}

#define DEFINE_LOG(name, level)                                                                    \
	void name(const char *fmt, ...)                                                            \
	{                                                                                          \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, fmt);                                                                 \
		emit(level, fmt, ap);                                                              \
		va_end(ap);                                                                        \
	}

DEFINE_LOG(log_error, LOG_ERROR)
DEFINE_LOG(log_warn, LOG_WARN)
DEFINE_LOG(log_info, LOG_INFO)
DEFINE_LOG(log_debug, LOG_DEBUG)
