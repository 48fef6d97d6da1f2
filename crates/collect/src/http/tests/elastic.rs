//! What shippers of logs ask of Elasticsearch.

use super::*;

fn statuses(answer: &Answer) -> Vec<u64> {
    let told = answer.json();
    let items = told["items"].as_array().unwrap().clone();
    items.iter().map(|item| item.as_object().unwrap().values().next().unwrap()["status"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_client_shakes_hands_sets_up_and_sends() {
    let receiver = Receiver::open().await;
    let info = receiver.ask("GET", "/", &[T1], "").await;
    assert_eq!((info.status, &info.headers["x-elastic-product"]), (200, &"Elasticsearch".parse().unwrap()));
    assert!(info.json()["version"]["number"].as_str().unwrap().starts_with("8."));
    let head = receiver.ask("HEAD", "/", &[T1], "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(receiver.ask("GET", "/_license?human=false", &[T1], "").await.json()["license"]["status"], "active");
    assert_eq!(receiver.ask("HEAD", "/_index_template/winlogbeat-8", &[T1], "").await.status, 404);
    let put = receiver.ask("PUT", "/_index_template/winlogbeat-8", &[T1], "{}").await;
    assert_eq!((put.status, &put.json()["acknowledged"]), (200, &Value::Bool(true)));
    assert_eq!(receiver.ask("PUT", "/winlogbeat-000001", &[T1], "{}").await.json()["index"], "winlogbeat-000001");
    assert_eq!(receiver.ask("GET", "/logs/_search", &[T1], "").await.status, 400);
    assert_eq!(receiver.ask("POST", "/_reindex", &[T1], "{}").await.status, 400);

    let body = "{\"create\":{\"_index\":\"winlogbeat\"}}\n{\"EventID\":1102,\"Channel\":\"Security\",\"Computer\":\"may01\"}\n\
                {\"index\":{}}\n{broken\n{\"delete\":{\"_id\":\"1\"}}\n{\"index\":{\"_id\":\"x\"}}\n{\"message\":\"m\"}\n";
    let gzip = [("authorization", "ApiKey aWQ6dDE="), ("content-encoding", "gzip")];
    let sent =
        receiver.ask("POST", "/logs-a/_bulk?filter_path=errors,items.*.status", &gzip, packed(body.as_bytes())).await;
    assert_eq!((sent.status, statuses(&sent)), (200, vec![201, 400, 400, 201]), "{:?}", sent.body);
    assert_eq!(sent.json()["errors"], true);
    assert_eq!(receiver.record(0).hot.host.as_deref(), Some("may01"));
    assert_eq!(*receiver.unreadable.lock().unwrap(), ["logs.json"]);
    let one = receiver.ask("POST", "/logs/_doc/7", &[("authorization", "Basic dXNlcjp0MQ==")], "{\"a\":1}").await;
    assert_eq!((one.status, &one.json()["result"]), (201, &Value::from("created")));
    let again = receiver.ask("PUT", "/logs/_create/7", &[T1], "{\"a\":1}").await;
    assert_eq!(
        (again.status, again.json()["error"]["type"].as_str()),
        (409, Some("version_conflict_engine_exception"))
    );
    let all = receiver.stop().await;
    assert!(all.len() == 3 && all.iter().all(|(of, _)| *of == whose(1)));
}

#[tokio::test]
async fn who_sends_again_after_the_server_was_killed_stores_nothing_twice() {
    let receiver = Receiver::open().await;
    let item = |n: usize| format!("{{\"create\":{{\"_index\":\"l\",\"_id\":\"{n}\"}}}}\n{{\"n\":{n}}}\n");
    let first: String = (0..60).map(item).collect();
    assert_eq!(statuses(&receiver.ask("POST", "/_bulk", &[T1], first).await), vec![201; 60]);
    let kept = Arc::clone(&receiver.kept);
    let stored = receiver.stop().await;
    kept.records.lock().unwrap().extend(stored);
    // A new process on the same store: the answer got lost, and the client sends again, and more.
    let receiver = Receiver::over(kept, |_| {}).await;
    let all: String = (0..100).map(item).collect();
    let said = statuses(&receiver.ask("POST", "/_bulk", &[T1], all.clone()).await);
    assert_eq!(said, [vec![409; 60], vec![201; 40]].concat());
    assert_eq!(receiver.count(), 100);
    // Ids are a source's own.
    assert_eq!(statuses(&receiver.ask("POST", "/_bulk", &[("authorization", "Bearer t2")], all).await), vec![201; 100]);
}

#[tokio::test]
async fn who_sends_again_after_a_timeout_stores_nothing_twice() {
    let receiver = Receiver::start(|_| {}).await;
    let mut body = String::new();
    for n in 0..100 {
        body.push_str(&format!("{{\"create\":{{\"_index\":\"l\",\"_id\":\"{n}\"}}}}\n{{\"n\":{n}}}\n"));
    }
    // The client goes away before the intake has taken anything.
    let first = receiver.ask("POST", "/_bulk", &[T1], body.clone());
    assert!(tokio::time::timeout(Duration::from_millis(400), first).await.is_err());
    receiver.until("the first is under way", |r| r.kept.waiting.load(Ordering::SeqCst) == 1).await;
    let second = receiver.ask("POST", "/_bulk", &[T1], body.clone()).await;
    assert_eq!(statuses(&second), vec![429; 100], "under way: neither taken nor refused yet");
    receiver.kept.door.add_permits(1);
    receiver.until("the first is taken though nobody waits for it", |r| r.count() == 100).await;
    let third = receiver.ask("POST", "/_bulk", &[T1], body.clone()).await;
    assert_eq!(statuses(&third), vec![409; 100]);
    let again = receiver.ask("POST", "/_bulk", &[T1], body.replace("create", "index")).await;
    assert_eq!((statuses(&again), &again.json()["errors"]), (vec![200; 100], &Value::Bool(false)));
    let other =
        receiver.ask("POST", "/_bulk", &[T1], "{\"index\":{\"_index\":\"l\",\"_id\":\"7\"}}\n{\"n\":8}\n").await;
    assert_eq!(statuses(&other), [409], "events are not changed");
    receiver.kept.door.close();
    let elsewhere = receiver.ask("POST", "/_bulk", &[("authorization", "Bearer t2")], body).await;
    assert_eq!(statuses(&elsewhere), vec![201; 100], "ids of one source mean nothing to another");
    assert_eq!(receiver.stop().await.len(), 200);
}

#[tokio::test]
async fn items_that_the_intake_refuses_are_the_clients_to_send_again() {
    let receiver = Receiver::open().await;
    receiver.kept.broken.store(1, Ordering::SeqCst);
    let body = "{\"index\":{\"_index\":\"l\",\"_id\":\"1\"}}\n{\"a\":1}\n{\"index\":{\"_index\":\"l\"}}\n{bad\n";
    let refused = receiver.ask("POST", "/_bulk", &[T1], body).await;
    assert_eq!((refused.status, &refused.headers["retry-after"]), (503, &"5".parse().unwrap()), "nothing was taken");
    assert_eq!(receiver.count(), 0);
    assert_eq!(statuses(&receiver.ask("POST", "/_bulk", &[T1], body).await), [201, 400], "free to come again");
    receiver.kept.broken.store(1, Ordering::SeqCst);
    let more = body
        .replace("\"index\":{\"_index\":\"l\"}", "\"index\":{\"_index\":\"l\",\"_id\":\"2\"}")
        .replace("{bad", "{\"a\":2}");
    let part = receiver.ask("POST", "/_bulk", &[T1], more).await;
    assert_eq!(statuses(&part), [200, 429], "only what is not here comes again");
    assert_eq!(receiver.stop().await.len(), 1);
}

#[tokio::test]
async fn a_body_of_many_batches_keeps_its_order() {
    let receiver = Receiver::open().await;
    let body: String = (0..12_000).map(|n| format!("{{\"index\":{{}}}}\n{{\"n\":{n}}}\n")).collect();
    let sent = receiver.ask("POST", "/l/_doc/_bulk", &[T1], body).await;
    assert_eq!(statuses(&sent), vec![201; 12_000]);
    let all = receiver.stop().await;
    assert!(all.iter().enumerate().all(|(n, (_, record))| record.fields["n"] == n), "{}", all.len());
}

#[tokio::test]
async fn without_a_source_nothing_is_answered() {
    let receiver = Receiver::open().await;
    for (headers, status) in [
        (&[][..], 401),
        (&[("authorization", "Bearer wrong")][..], 401),
        (&[("authorization", "Bearer paused")][..], 403),
    ] {
        let refused = receiver.ask("POST", "/_bulk", headers, "{\"index\":{}}\n{}\n").await;
        assert_eq!(refused.status, status);
        assert_eq!(refused.json()["error"]["type"], "security_exception");
    }
    let cut = receiver.ask("POST", "/_bulk", &[T1], "{\"index\":{}}\n{\"a\":1}\nwhat\n").await;
    assert_eq!((cut.status, cut.json()["error"]["type"].as_str()), (400, Some("illegal_argument_exception")));
    assert!(receiver.stop().await.is_empty());
}
