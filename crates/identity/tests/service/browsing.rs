//! Browsing trainers: by place, price, words and free time.

use chrono::{TimeDelta, Utc};
use contracts::{
    common::v1::LogPosition,
    identity::v1::{
        CreateTrainerRequest, ListTrainersRequest, PriceRange, TrainerOrder, UpdateTrainerRequest,
    },
};
use testing::Caller;
use uuid::Uuid;

use crate::{
    directory::{Directory, Session, money, names, ordered, priced},
    world::{fields, id, profile},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trainers_come_in_the_order_that_is_asked_for() {
    let mut directory = Directory::open().await;
    for (name, dollars) in [("Ada", 80), ("Bo", 60), ("Cy", 80), ("Di", 100)] {
        directory.hire(name, dollars).await;
    }
    directory
        .hire_as(CreateTrainerRequest {
            first_name: "Eve".to_owned(),
            price_per_hour: Some(money("EUR", 50_000)),
            ..profile("Quinn")
        })
        .await;
    let all = async |order| directory.one_by_one(&ordered(order)).await;
    assert_eq!(
        all(TrainerOrder::Unspecified).await,
        ["Eve", "Di", "Cy", "Bo", "Ada"]
    );
    assert_eq!(
        all(TrainerOrder::Newest).await,
        all(TrainerOrder::Unspecified).await
    );
    let cheapest = all(TrainerOrder::PriceAsc).await;
    assert_eq!(cheapest, ["Eve", "Bo", "Ada", "Cy", "Di"]);
    let mut dearest = all(TrainerOrder::PriceDesc).await;
    dearest.reverse();
    assert_eq!(dearest, cheapest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_range_is_one_of_a_currency_and_includes_its_bounds() {
    let mut directory = Directory::open().await;
    for (name, dollars) in [("Ada", 80), ("Bo", 60), ("Di", 100)] {
        directory.hire(name, dollars).await;
    }
    let found = async |least, most| directory.found(priced("USD", least, most)).await;
    assert_eq!(found(None, None).await, ["Di", "Bo", "Ada"]);
    assert_eq!(found(Some(8_000), None).await, ["Di", "Ada"]);
    assert_eq!(found(None, Some(8_000)).await, ["Bo", "Ada"]);
    assert_eq!(found(Some(6_001), Some(9_999)).await, ["Ada"]);
    let euros = directory.found(priced("EUR", None, None)).await;
    assert_eq!(euros, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_find_names_while_they_are_typed_and_texts_by_whole_words() {
    let mut directory = Directory::open().await;
    let zoe = CreateTrainerRequest {
        first_name: "Zoë".to_owned(),
        bio: "Goalkeeper, patient with beginners.".to_owned(),
        experience: "Ten years in Malmö".to_owned(),
        ..profile("O\u{2019}Brien-Łukasz")
    };
    let zoe = directory.hire_as(zoe).await;
    directory.hire("Zoltan", 80).await;
    for text in [
        "zo",
        "ZOE",
        "Zoë",
        "o'brien",
        "luk",
        "goalkeeper",
        "MALMO zoe",
        "zoe q beginners",
    ] {
        let found = directory.with_words(text).await;
        assert!(found.contains(&"Zoë".to_owned()), "{text}");
    }
    assert_eq!(directory.with_words("zo").await, ["Zoltan", "Zoë"]);
    assert_eq!(directory.with_words("z").await, ["Zoltan", "Zoë"]);
    for text in ["goal", "zoe quinn", "zoes", "malm", "nobody"] {
        let found = directory.with_words(text).await;
        assert_eq!(found, Vec::<String>::new(), "{text}");
    }
    let request = UpdateTrainerRequest {
        request_id: id(),
        bio: Some("Left back.".to_owned()),
        ..UpdateTrainerRequest::default()
    };
    let updated = directory.world.call(&zoe, request).await.unwrap();
    directory.position = updated.position;
    assert_eq!(directory.with_words("back zoe").await, ["Zoë"]);
    let gone = directory.with_words("goalkeeper").await;
    assert_eq!(gone, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_and_free_time_ahead_narrow_the_list() {
    let mut directory = Directory::open().await;
    let ada = directory.hire("Ada", 80).await;
    let bo = directory.hire("Bo", 80).await;
    directory.hire("Cy", 80).await;
    let (north, south) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for (trainer, location) in [(&ada, north), (&ada, south), (&bo, north)] {
        directory.works(trainer, location);
    }
    directory.hears_scheduling().await;
    let at = |location: Uuid| ListTrainersRequest {
        location_id: location.to_string(),
        ..ListTrainersRequest::default()
    };
    assert_eq!(directory.found(at(north)).await, ["Bo", "Ada"]);
    assert_eq!(directory.found(at(south)).await, ["Ada"]);

    let free = || ListTrainersRequest {
        available: true,
        ..ListTrainersRequest::default()
    };
    let none = Vec::<String>::new();
    assert_eq!(directory.found(free()).await, none);
    let now = Utc::now();
    directory
        .slot(&bo, north, now - TimeDelta::minutes(1))
        .await;
    assert_eq!(directory.found(free()).await, none, "it has begun");
    let tomorrow = now + TimeDelta::days(1);
    let slot_id = directory.slot(&ada, south, tomorrow).await;
    assert_eq!(directory.found(free()).await, ["Ada"]);
    let free_at = |location| ListTrainersRequest {
        available: true,
        ..at(location)
    };
    assert_eq!(directory.found(free_at(south)).await, ["Ada"]);
    assert_eq!(directory.found(free_at(north)).await, none);

    let session = |id| Session {
        id: Uuid::from_u128(id),
        slot_id,
        starts_at: tomorrow,
    };
    let (first, second) = (session(3), session(4));
    for (session, takes, found) in [
        (&first, true, vec![]),
        (&first, false, vec!["Ada"]),
        (&second, true, vec![]),
        (&first, false, vec![]),
        (&second, false, vec!["Ada"]),
    ] {
        if takes {
            directory.taken(session).await;
        } else {
            directory.freed(session).await;
        }
        assert_eq!(directory.found(free()).await, found, "{session:?} {takes}");
    }
    let behind = ListTrainersRequest {
        min_position: Some(LogPosition {
            service: "scheduling".to_owned(),
            position: 4,
        }),
        ..free()
    };
    let answer = directory.world.call(Caller::Nobody, behind).await.unwrap();
    assert_eq!(names(&answer), ["Ada"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_takes_no_bookings_is_listed_but_not_among_those_who_do() {
    let mut directory = Directory::open().await;
    let ada = directory.hire("Ada", 80).await;
    directory.hire("Bo", 80).await;
    let request = UpdateTrainerRequest {
        request_id: id(),
        accepting_bookings: Some(false),
        ..UpdateTrainerRequest::default()
    };
    let updated = directory.world.call(&ada, request).await.unwrap();
    directory.position = updated.position;
    let accepting = ListTrainersRequest {
        accepting_bookings: true,
        ..ListTrainersRequest::default()
    };
    assert_eq!(directory.found(accepting).await, ["Bo"]);
    let all = directory.found(ListTrainersRequest::default()).await;
    assert_eq!(all, ["Bo", "Ada"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_account_is_not_listed_until_it_is_opened_again() {
    let mut directory = Directory::open().await;
    let admin = directory.world.admin().await;
    let ada = directory.hire("Ada", 80).await;
    directory.hire("Bo", 80).await;
    let first = directory
        .page(ListTrainersRequest {
            page_size: 1,
            ..ListTrainersRequest::default()
        })
        .await
        .unwrap();
    assert_eq!(names(&first), ["Bo"]);
    directory.close(&admin, &ada).await;
    let all = directory.found(ListTrainersRequest::default()).await;
    assert_eq!(all, ["Bo"]);
    let second = ListTrainersRequest {
        page_size: 1,
        page_token: first.next_page_token,
        ..ListTrainersRequest::default()
    };
    assert_eq!(directory.found(second).await, Vec::<String>::new());
    directory.reopen(&admin, &ada).await;
    let all = directory.found(ListTrainersRequest::default()).await;
    assert_eq!(all, ["Bo", "Ada"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_goes_on_where_it_was_left_whoever_joins_or_leaves_meanwhile() {
    let mut directory = Directory::open().await;
    let admin = directory.world.admin().await;
    let mut trainers = Vec::new();
    for (name, dollars) in [("Ada", 50), ("Bo", 60), ("Cy", 70), ("Di", 80)] {
        trainers.push(directory.hire(name, dollars).await);
    }
    let request = ListTrainersRequest {
        page_size: 2,
        ..ordered(TrainerOrder::PriceAsc)
    };
    let first = directory.page(request.clone()).await.unwrap();
    assert_eq!(names(&first), ["Ada", "Bo"]);
    directory.hire("Eve", 40).await;
    directory.hire("Fay", 75).await;
    directory.close(&admin, &trainers[1]).await;
    let second = ListTrainersRequest {
        page_size: 200,
        page_token: first.next_page_token,
        ..request
    };
    assert_eq!(directory.found(second).await, ["Cy", "Fay", "Di"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_of_a_page_belongs_to_what_was_asked_for() {
    let mut directory = Directory::open().await;
    for name in ["Tara", "Tom", "Tim"] {
        directory.hire(name, 80).await;
    }
    let asked = ListTrainersRequest {
        page_size: 1,
        text: "Quinn".to_owned(),
        ..ListTrainersRequest::default()
    };
    let token = directory.page(asked.clone()).await.unwrap().next_page_token;
    let going_on = ListTrainersRequest {
        page_token: token,
        ..asked
    };
    let others = [
        ListTrainersRequest {
            text: String::new(),
            ..going_on.clone()
        },
        ListTrainersRequest {
            available: true,
            ..going_on.clone()
        },
        ListTrainersRequest {
            accepting_bookings: true,
            ..going_on.clone()
        },
        ListTrainersRequest {
            location_id: id(),
            ..going_on.clone()
        },
        ListTrainersRequest {
            price_per_hour: priced("USD", None, None).price_per_hour,
            ..going_on.clone()
        },
        ListTrainersRequest {
            order: TrainerOrder::PriceAsc.into(),
            ..going_on.clone()
        },
    ];
    for other in others {
        let refused = directory.page(other.clone()).await.unwrap_err();
        assert_eq!(fields(&refused), ["page_token"], "{other:?}");
    }
    let larger = ListTrainersRequest {
        page_size: 2,
        ..going_on
    };
    assert_eq!(directory.found(larger).await, ["Tom", "Tara"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_list_is_told_together() {
    let directory = Directory::open().await;
    let bad = ListTrainersRequest {
        page_size: -1,
        page_token: "forged".to_owned(),
        min_position: None,
        location_id: "north".to_owned(),
        price_per_hour: Some(PriceRange {
            currency_code: "usd".to_owned(),
            min_minor_units: Some(-1),
            max_minor_units: Some(-2),
        }),
        text: "x".repeat(201),
        available: false,
        accepting_bookings: false,
        order: 9,
    };
    let refused = directory.page(bad).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "location_id",
            "price_per_hour.currency_code",
            "price_per_hour.min_minor_units",
            "price_per_hour.max_minor_units",
            "price_per_hour.max_minor_units",
            "text",
            "order",
            "page_size",
            "page_token",
        ]
    );
    let without_currency = directory.page(priced("", Some(1), None)).await.unwrap_err();
    assert_eq!(fields(&without_currency), ["price_per_hour.currency_code"]);
}
