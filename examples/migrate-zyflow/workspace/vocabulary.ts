import type { Random } from './random.ts';

/** The words of one language that task and section titles are made of. */
export interface Vocabulary {
  readonly sections: readonly string[];
  task(random: Random): string;
  /** Said of work, for headings of whole phases. */
  readonly phases: readonly string[];
}

const english = {
  verbs: ['Add', 'Extract', 'Validate', 'Document', 'Measure', 'Replace', 'Cover', 'Simplify', 'Log', 'Retry'],
  objects: [
    'the draft store',
    'search suggestions',
    '`GET /api/drafts/:id`',
    'the session cookie',
    'keyboard shortcuts',
    'the upload queue',
    '`formatDate()`',
    'webhook signatures',
    'empty states',
    'the audit table',
    'rate limits',
    'the settings dialog',
  ],
  details: [
    'for guests',
    'behind a flag',
    'with tests',
    'on reconnect',
    '(see #12)',
    'in the worker',
    'per project',
    'at start-up',
    'without polling',
  ],
};

const korean = {
  objects: [
    '임시 저장소',
    '검색 추천',
    '`GET /api/drafts/:id`',
    '세션 쿠키',
    '단축키',
    '업로드 대기열',
    '날짜 형식',
    '웹훅 서명',
    '빈 화면',
    '감사 테이블',
  ],
  details: [
    '기본값',
    '오류 처리',
    '비회원용 화면',
    '재연결 동작',
    '경계 조건',
    '권한 검사',
    '로딩 표시',
    '(선택 사항)',
  ],
  verbs: ['추가', '분리', '검증', '문서화', '측정', '교체', '테스트 작성', '단순화', '기록'],
};

export const englishWords: Vocabulary = {
  sections: ['Storage', 'API', 'User interface', 'Migration of old data', 'Tests', 'Release', 'Monitoring'],
  phases: ['Foundation', 'First users', 'Everyone', 'Clean-up'],
  task: (random) => `${random.pick(english.verbs)} ${random.pick(english.objects)} ${random.pick(english.details)}`,
};

export const koreanWords: Vocabulary = {
  sections: ['저장소', '서버 API', '화면 구성', '기존 데이터 이전', '테스트', '배포', '모니터링'],
  phases: ['기반 작업', '첫 사용자', '전체 적용', '정리'],
  task: (random) => `${random.pick(korean.objects)} ${random.pick(korean.details)} ${random.pick(korean.verbs)}`,
};
