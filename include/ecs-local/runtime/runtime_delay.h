/* How long things of the control plane take that are no stage of a task: under --timing instant no time at all (but for
 * scaling in, which would take away what somebody is about to use), under realistic about what AWS takes; a timing file says {"delays": {"clusterAttachments": "10s"}}. */
#ifndef ECS_LOCAL_RUNTIME_RUNTIME_DELAY_H
#define ECS_LOCAL_RUNTIME_RUNTIME_DELAY_H

enum runtime_delay {
    RUNTIME_DELAY_CLUSTER_ATTACHMENTS, /* what PutClusterCapacityProviders changes in Auto Scaling groups */
    RUNTIME_DELAY_PROVIDER_UPDATE,     /* Create, Update and DeleteCapacityProvider */
    RUNTIME_DELAY_SCALE_OUT,           /* from a task that waits to an instance that is registered */
    RUNTIME_DELAY_SCALE_IN,            /* how long an instance stays empty before managed scaling ends it */
    RUNTIME_DELAY_SERVICE_TICK,        /* between two rounds of a service's starting and stopping */
    RUNTIME_DELAY_SERVICE_SETTLE,      /* RUNNING without health checks is healthy after that */
    RUNTIME_DELAY_SERVICE_STEADY,      /* counts must meet for that long */
    RUNTIME_DELAY_SERVICE_INACTIVE,    /* from the last task of a deleted service to INACTIVE */
    RUNTIME_DELAY_SERVICE_RETRY,       /* after a task that could not be started; doubled each time */
    RUNTIME_DELAY_SERVICE_CRASH,       /* after a task that ended soon; doubled each time */
    RUNTIME_DELAY_GATEWAY_UPDATE,      /* UpdateGateway */
    RUNTIME_DELAY_GATEWAY_ROUTE,       /* a route that comes or goes */
    RUNTIME_DELAY_DAEMON_DEPLOYMENT,   /* from CreateDaemon or UpdateDaemon to its first task */
    RUNTIME_DELAY_DAEMON_DEFINITION,   /* DeleteDaemonTaskDefinition */
    RUNTIME_DELAY_COUNT
};

#endif
