/* A refusal in AWS's words: what a rule of the domain answers besides 1. */
#ifndef ECS_LOCAL_DOMAIN_VIOLATION_H
#define ECS_LOCAL_DOMAIN_VIOLATION_H

struct violation {
    const char *code;    /* an AWS exception name, static */
    const char *message; /* in the arena given to the rule */
};

#endif
